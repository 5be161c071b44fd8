"""Workflows as files: read safely, checked without a database, shown as graphs."""

from faultline.documents import Fault, Place
from faultline.workflow.spec import Task, Workflow, WorkflowFault, fault_of, load, tasks_of

__all__ = ["Fault", "Place", "Task", "Workflow", "WorkflowFault", "fault_of", "load", "tasks_of"]
