"""Steps on celery workers, over any broker that kombu knows and that can broadcast."""
