"""Managed Flink's data plane, on a real Flink of this machine."""
