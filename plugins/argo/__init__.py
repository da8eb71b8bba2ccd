"""The argo runner: a pipeline as a WorkflowTemplate for Argo; nothing is executed here."""
