"""Everything durable: tables, and one function per question asked of them."""
