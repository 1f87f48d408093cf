"""Files of data partners: uploaded to S3, cut into chunks, taken chunk by chunk, answered by a result file."""
