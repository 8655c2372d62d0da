// The one registry of how entity types look: types.json, which the server reads as well.
import registry from "./types.json";

/** Return label, plural, colour and icon path of a type; a type that is not listed is named by itself. */
export function look(type) {
  const known = Object.hasOwn(registry, type) && type !== "fallback";
  if (known) return { ...registry[type], symbol: `type-${type}` };
  const name = String(type ?? "entity").replaceAll("_", " ");
  return { ...registry.fallback, label: name, plural: name, symbol: "type-fallback" };
}

/** Return a type's icon as an image for a canvas: white lines on nothing. */
export function picture(type) {
  const lines = `fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48" viewBox="0 0 24 24"><path ${lines} d="${look(type).icon}"/></svg>`;
  return `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;
}
