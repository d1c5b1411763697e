"""The site as an application: who asks, what comes in, what goes out, and what is kept."""
