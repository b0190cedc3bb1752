"""Shows it: reads data/queries, writes decisions through data/store."""
