// What the fake libraries share: the emulated device, and handles that are known from garbage.
#ifndef GATUN_VENDOR_H
#define GATUN_VENDOR_H
#include <hooks.h>
#include <stdint.h>
#include <string.h>

#include <mutex>
#include <set>
#include <string>

#define API extern "C" __attribute__((visibility("default")))

// The emulated device: of the fake libcudart.so.13 beside this library, whatever other one the process has loaded.
const GatunHooks &device();

// Objects of one kind that are alive. A pointer is only followed if it is one of them.
template <class T> class Alive {
  public:
    T *make() {
        T *object = new T();
        device().objects(1);
        std::lock_guard<std::mutex> lock(mutex);
        all.insert(object);
        return object;
    }
    T *get(const void *pointer) {
        std::lock_guard<std::mutex> lock(mutex);
        auto *object = static_cast<T *>(const_cast<void *>(pointer));
        return all.count(object) ? object : nullptr;
    }
    bool end(const void *pointer) {
        auto *object = static_cast<T *>(const_cast<void *>(pointer));
        {
            std::lock_guard<std::mutex> lock(mutex);
            if (all.erase(object) == 0) return false;
        }
        delete object;
        device().objects(-1);
        return true;
    }

  private:
    std::mutex mutex;
    std::set<T *> all;
};

// How arrays are stored.
enum class Type { F32, BF16, F16 };
inline size_t bytesOf(Type type) { return type == Type::F32 ? 4 : 2; }
float load(const void *array, int64_t index, Type type);
void store(void *array, int64_t index, Type type, float value); // rounds to nearest, ties to even
#endif
