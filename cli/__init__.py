"""Event-driven sales analytics on AWS, from raw CloudFormation templates."""

from __future__ import annotations

__version__ = "0.1.0"
