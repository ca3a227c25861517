"""What stands in panels and over the view, as Dear ImGui calls. Knows no OpenGL and no HTTP.

A panel's `draw` runs between ImGui's `new_frame` and `render`; what the person wants comes back as
frozen intents, which the app carries out.
"""
