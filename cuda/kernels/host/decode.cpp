#include "../decode.cu"
