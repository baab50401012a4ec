"""The app that the peer imports into."""
