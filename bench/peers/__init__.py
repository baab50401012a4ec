"""What other ways to import the same workbook cost, each in a virtual environment of its own."""
