#include "../program.cu"
