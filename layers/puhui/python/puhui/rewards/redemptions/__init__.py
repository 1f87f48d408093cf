"""Points for pieces: redeeming, the queue, the partner's orders, delivery and cancellation."""
