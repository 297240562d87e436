"""What a run says at its end beside pass and fail."""


def pytest_terminal_summary(terminalreporter) -> None:
    """How many alterations of stored files were tried; each test of them records its own number."""
    done = [report for report in terminalreporter.stats.get("passed", ()) if report.when == "call"]
    tried = sum(value for report in done for name, value in report.user_properties if name == "tampered")
    if tried:
        terminalreporter.write_line(f"tampering: {tried:,} alterations of stored files were tried, all were noticed")
