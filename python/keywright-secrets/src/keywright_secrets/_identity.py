"""Who runs: the five words of mxm-types 0.3.1. Nothing is checked here; what checks them is keywright."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuntimeIdentity:
    app: str
    environment: str
    machine: str
    substrate: str
    role: str
