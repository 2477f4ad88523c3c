#include "../compact.cu"
