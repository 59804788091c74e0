"""The command `leanpix optimize`: files, folders and repositories, made smaller by the engine."""
