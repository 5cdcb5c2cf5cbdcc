"""How an operator sees what a hub is doing: metrics, traces, log lines; never who, whom or what."""
