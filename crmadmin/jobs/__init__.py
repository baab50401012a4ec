"""Long work that outlives the request which asked for it, and the process which began it."""
