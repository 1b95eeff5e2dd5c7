"""What must never happen, whatever arrives from outside: damaged files and requests, crowds at the port, memory."""
