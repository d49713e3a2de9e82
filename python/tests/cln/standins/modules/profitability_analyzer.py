"""Stands in for a module of cl-revenue-ops: its names, none of its content."""


class ChannelProfitabilityAnalyzer:
    """Analyses nothing."""
