// What all programs of a frame share; filled by frame.py, row for row.
layout(std140, row_major) uniform Frame {
    mat4 clip_from_world;
    mat4 direction_from_clip;  // world directions: the eye is at the origin
    vec3 eye;
    float focal_px;            // pixels of one metre at one metre's distance
    float reach;               // metres from the eye to the sides of the floor that is drawn
    float fine_opacity;        // of the floor's lines each metre
    float coarse_opacity;      // and each ten metres
    float plot_opacity;
    bool is_diverging;         // of the colour table
    bool marks_out_of_range;
    float pixel_scale;         // pixels drawn along a side of each pixel that will be seen
    float reflection;          // how much of a wall the floor shows at a glancing angle
    vec3 sky_top;
    float glow;                // how much of a signal's light is on
    vec3 sky_horizon;
    vec3 sky_glow;
    vec3 floor_colour;
    vec3 line_colour;
    vec3 plot_colour;
    vec3 plot_border;
    vec3 wall_colour;
    vec3 wall_border;
    vec3 wall_back;
    vec3 wall_empty;
    vec3 ribbon_colour;
    vec3 towards_colour;
    vec3 away_colour;
    vec3 mark_colour;
    vec3 above_colour;
    vec3 below_colour;
    vec3 nan_colour;
};
