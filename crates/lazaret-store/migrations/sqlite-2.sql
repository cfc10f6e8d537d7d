-- Whether the holder has the lock that ends with its process: only then does a free lock mean that it is gone.
ALTER TABLE lease ADD COLUMN locked INTEGER NOT NULL DEFAULT 1;
