"""Spreadsheets in: read, mapped, checked, planned, previewed, written, and accounted for."""
