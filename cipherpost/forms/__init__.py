"""Forms: what a report says, field by field (docs/reports.md)."""
