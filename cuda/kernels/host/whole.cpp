#include "../whole.cu"
