"""Data partners: companies that send signed records of members' acts; their keys, signatures and bindings."""
