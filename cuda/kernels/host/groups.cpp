#include "../groups.cu"
