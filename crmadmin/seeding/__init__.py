"""Made-up customers in any number: `flask crm seed`. The demo's sample workbooks are elsewhere."""
