"""What a member takes along: everything that is kept of them, in one file."""
