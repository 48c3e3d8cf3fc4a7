"""Exports of help desks, chats and pages of questions: read into rows and conversations."""
