#include "../strings.cu"
