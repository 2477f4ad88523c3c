#include "../sort.cu"
