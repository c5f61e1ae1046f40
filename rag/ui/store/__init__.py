"""What the chat remembers on this machine: conversations, feedback and settings, in one SQLite file."""

from rag.ui.store.conversations import Conversations
from rag.ui.store.database import Database
from rag.ui.store.feedback import Feedback
from rag.ui.store.preferences import Preferences

__all__ = ["Conversations", "Database", "Feedback", "Preferences"]
