// The light of a signal, see glows.py: four numbers a texel.
uniform samplerBuffer glows;

float glow_at(int place) {
    return texelFetch(glows, place >> 2)[place & 3];
}
