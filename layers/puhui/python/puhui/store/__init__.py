"""DynamoDB, as this house uses it: one small client, one ordered transaction, signed cursors."""
