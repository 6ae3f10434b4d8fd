"""One open stream of Server-Sent Events, and all that are open in this process."""
