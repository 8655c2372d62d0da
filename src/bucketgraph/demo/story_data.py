"""Who and what Northwind Robotics is: its people, projects and repositories. All invented."""

from __future__ import annotations

from typing import NamedTuple

WORKSPACE = ("northwind", "Northwind Robotics")

MEMBERS = tuple(
    """
    Amara Osei, Bastian Keller, Carmen Ibáñez, Daniel Oyelaran, Elif Demir, Freya Holm,
    Gabriel Santos, Hana Kobayashi, Idris Rahman, Julia Nowak, Kwame Boateng, Lucia Ferrari,
    Mikael Strand, Noor Haddad, Oliver Grant, Paula Mendes, Quynh Tran, Rafael Ortega,
    Sanne de Vries, Tomás Novák, Una Gallagher, Vikram Rao, Wioletta Zając, Xavier Blanc,
    Yuki Shimizu, Zoë Marchand, Anton Ilves, Beatriz Lopes, Colm Byrne, Deepa Nair,
    Emre Aksoy, Fatou Diallo, Greta Lund, Henrik Falk, Isabel Cruz, Jonas Weber,
    Kaisa Virtanen, Liam Walsh, Mei Chen, Nils Berg
    """.replace("\n", " ").split(", "),
)
LEAVERS = ("Stefan Brandt", "Rosalind Pike", "Teodor Ivanov")
BOTS = ("Northwind Release Bot", "Dependency Bot", "Translation Bot")


class Team(NamedTuple):
    """A project: what its repositories are called and what its people work on."""

    key: str
    name: str
    description: str
    subjects: tuple[str, ...]
    repositories: tuple[tuple[str, str, str], ...]


TEAMS = (
    Team(
        "FLEET",
        "Fleet Control",
        "Decides which robot goes where.",
        (
            "charging queue starvation",
            "aisle deadlock detection",
            "the route planner's cost function",
            "robot heartbeat timeouts",
            "zone locking",
            "battery forecasts",
            "mission replay",
            "the dispatch retry policy",
        ),
        (
            ("fleet-dispatcher", "go", "Assigns missions to robots"),
            ("fleet-planner", "rust", "Routes without collisions"),
            ("fleet-api", "go", "Public interface of fleet control"),
            ("fleet-simulator", "python", "A warehouse in a process"),
            ("fleet-protocol", "shell", "Messages between robots and cloud"),
            ("zone-manager", "go", "Locks and reservations of aisles"),
            ("charging-scheduler", "python", "Who charges when"),
            ("mission-archive", "java", "Every mission ever driven"),
        ),
    ),
    Team(
        "FW",
        "Robot Firmware",
        "Everything that runs on a robot.",
        (
            "motor controller watchdog",
            "emergency stop debouncing",
            "the over-the-air update signature check",
            "lidar frame drops",
            "CAN bus arbitration",
            "wheel odometry drift",
            "the bootloader rollback",
            "low battery shutdown",
        ),
        (
            ("fw-drive-controller", "c++", "Motor control loop"),
            ("fw-safety-plc", "c++", "Emergency stop, certified"),
            ("fw-bootloader", "c++", "Signed boot and rollback"),
            ("fw-ota-agent", "rust", "Downloads and installs updates"),
            ("fw-sensor-hub", "c++", "Lidar, bumpers, cameras"),
            ("fw-board-support", "c++", "Boards of all generations"),
            ("fw-test-rig", "python", "Hardware in the loop"),
            ("fw-build-images", "shell", "Reproducible firmware images"),
        ),
    ),
    Team(
        "VIS",
        "Perception",
        "Sees shelves, people and parcels.",
        (
            "person detection threshold",
            "pallet pose estimation",
            "model quantisation",
            "label noise in night shots",
            "camera calibration",
            "barcode glare",
            "inference batching",
            "point cloud filtering",
        ),
        (
            ("vision-detector", "python", "People and obstacles"),
            ("vision-pose", "python", "Where the pallet is"),
            ("vision-datasets", "python", "Catalogue of recordings"),
            ("vision-training", "python", "Training runs"),
            ("vision-runtime", "c++", "Inference on the robot"),
            ("barcode-reader", "rust", "Reads what is left of labels"),
            ("calibration-bench", "python", "Camera calibration"),
        ),
    ),
    Team(
        "ORD",
        "Orders",
        "From a customer's order to a pick list.",
        (
            "partial shipment totals",
            "idempotency of order import",
            "returns workflow",
            "VAT rounding",
            "pick list grouping",
            "carrier label retries",
            "stock reservations",
            "the invoice export",
        ),
        (
            ("order-service", "java", "Orders and their states"),
            ("order-import", "java", "Connectors to shop systems"),
            ("pick-lists", "kotlin", "What to fetch in which order"),
            ("stock-ledger", "java", "Double-entry stock"),
            ("billing-service", "java", "Invoices and credit notes"),
            ("carrier-gateway", "go", "Labels and tracking"),
            ("returns-portal", "typescript", "Where returns begin"),
            ("pricing-rules", "kotlin", "Contracts as code"),
        ),
    ),
    Team(
        "APP",
        "Apps",
        "What people in the warehouse look at.",
        (
            "dark mode contrast",
            "offline queue of scans",
            "the shift handover screen",
            "accessibility of the alarm list",
            "map rendering on old tablets",
            "login with badge",
            "Finnish translations",
            "crash on rotation",
        ),
        (
            ("operator-console", "typescript", "The big screen"),
            ("picker-app", "kotlin", "Android app for pickers"),
            ("supervisor-app", "typescript", "Shifts and alarms"),
            ("design-system", "typescript", "Buttons that look alike"),
            ("map-viewer", "typescript", "The warehouse from above"),
            ("badge-login", "kotlin", "Sign in with a badge"),
            ("app-e2e-tests", "typescript", "Clicks through everything"),
        ),
    ),
    Team(
        "DATA",
        "Data Platform",
        "Keeps what happened and answers questions about it.",
        (
            "late events in the hourly rollup",
            "schema evolution of missions",
            "the utilisation dashboard",
            "partition pruning",
            "retention of raw telemetry",
            "duplicate ingestion",
            "anonymised exports",
            "backfill speed",
        ),
        (
            ("telemetry-ingest", "rust", "A million events a minute"),
            ("telemetry-schema", "shell", "What events look like"),
            ("warehouse-models", "python", "Tables people ask"),
            ("reports", "python", "Monday morning PDFs"),
            ("feature-store", "python", "Inputs of the models"),
            ("data-quality", "python", "Alarms about data"),
            ("anonymiser", "python", "Takes people out of data"),
        ),
    ),
    Team(
        "SEC",
        "Security and Identity",
        "Who may do what, and proof of it.",
        (
            "session expiry",
            "the key rotation job",
            "audit event completeness",
            "role inheritance",
            "single sign-on certificates",
            "secret scanning rules",
            "rate limits of sign-in",
            "customer tenant isolation",
        ),
        (
            ("identity-service", "go", "Accounts, roles, sessions"),
            ("access-policies", "hcl", "Policies as code"),
            ("secrets-broker", "go", "Short-lived credentials"),
            ("audit-log", "go", "Append-only record"),
            ("pki-tools", "go", "Certificates of robots"),
            ("security-baseline", "shell", "Hardening of machines"),
            ("customer-site-configs", "python", "Networks and maps of customer sites"),
        ),
    ),
    Team(
        "INFRA",
        "Cloud Infrastructure",
        "The ground everything stands on.",
        (
            "node pool upgrades",
            "the staging network",
            "backup verification",
            "pipeline caching",
            "alert routing",
            "log retention",
            "cost labels",
            "the ingress certificates",
        ),
        (
            ("infra-live", "hcl", "What runs in production"),
            ("infra-modules", "hcl", "Reusable pieces"),
            ("cluster-addons", "shell", "Ingress, metrics, logs"),
            ("ci-images", "shell", "Images pipelines run in"),
            ("deploy-tool", "go", "From a tag to production"),
            ("observability", "hcl", "Dashboards and alerts"),
            ("runbooks", "", "What to do at three in the morning"),
            ("backup-verifier", "python", "Restores backups every night"),
        ),
    ),
)
PUBLIC = "customer-site-configs"
VERBS = (
    "Fix",
    "Rework",
    "Test",
    "Document",
    "Handle",
    "Log",
    "Tune",
    "Guard against regressions in",
    "Simplify",
    "Measure",
)
PACKAGES = ("protobuf", "openssl", "grpc", "react", "numpy", "log4j", "tokio", "helm", "jackson")
