"""The page that shows a run in browsers: what it shows, and the small server behind it."""
