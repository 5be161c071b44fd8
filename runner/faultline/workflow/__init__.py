"""Workflows as files: read safely, checked without a database, shown as graphs."""

from faultline.workflow.loader import Fault, Place, WorkflowFault
from faultline.workflow.spec import Task, Workflow, fault_of, load, tasks_of

__all__ = ["Fault", "Place", "Task", "Workflow", "WorkflowFault", "fault_of", "load", "tasks_of"]
