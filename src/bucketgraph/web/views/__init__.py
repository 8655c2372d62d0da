"""What pages show, worked out from what the app knows: plain values for templates, and nothing is asked here."""
