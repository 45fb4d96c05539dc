import { type Library, openLibrary } from "../native/library.ts";

/** A device of the system's Vulkan drivers. */
export interface VulkanDevice {
  readonly name: string;
  /** Whether a processor plays the GPU: right, and very slow. */
  readonly isSoftware: boolean;
  /** Of the driver, as the driver numbers it. */
  readonly driver: string;
}

/** In messages: what a GPU takes to be one of them. */
export const vulkanNeeds =
  "a Vulkan loader and driver (Debian: libvulkan1, and mesa-vulkan-drivers or NVIDIA's)";

/** `VkPhysicalDeviceType`: VK_PHYSICAL_DEVICE_TYPE_CPU. */
const CPU = 4;
/** More than `VkPhysicalDeviceProperties` takes, whose size depends on the platform. */
const PROPERTIES_BYTES = 2048;
const MOST_DEVICES = 16;

/** The devices with a Vulkan driver; none where the system has no Vulkan loader. */
export function vulkanDevices(): readonly VulkanDevice[] {
  const library = openLoader();
  if (library === undefined) return [];
  const createInstance = library.function(
    "int vkCreateInstance(const void *info, const void *allocator, _Out_ void **instance)",
  );
  const enumerate = library.function(
    "int vkEnumeratePhysicalDevices(void *instance, _Inout_ uint32_t *count, void *devices)",
  );
  const propertiesOf = library.function("void vkGetPhysicalDeviceProperties(void *device, void *properties)");
  const destroyInstance = library.function("void vkDestroyInstance(void *instance, const void *allocator)");

  // VkInstanceCreateInfo: its type is 1, and all the rest may be nothing.
  const info = Buffer.alloc(64);
  info.writeUInt32LE(1, 0);
  const instance: [bigint | null] = [null];
  if (createInstance(info, null, instance) !== 0 || instance[0] === null) return [];
  try {
    const count = [MOST_DEVICES];
    const handles = new BigUint64Array(MOST_DEVICES);
    if (Number(enumerate(instance[0], count, handles)) < 0) return [];
    return [...handles.subarray(0, count[0])].map((handle) => {
      const properties = Buffer.alloc(PROPERTIES_BYTES);
      propertiesOf(handle, properties);
      return readProperties(properties);
    });
  } finally {
    destroyInstance(instance[0], null);
  }
}

function openLoader(): Library | undefined {
  try {
    return openLibrary("libvulkan.so.1");
  } catch {
    return undefined;
  }
}

/** `VkPhysicalDeviceProperties`: five numbers of 32 bits (API, driver, vendor, device, type), then the name in 256 bytes. */
function readProperties(bytes: Buffer): VulkanDevice {
  const name = bytes.subarray(20, 20 + 256);
  return {
    name: name.subarray(0, name.indexOf(0)).toString(),
    isSoftware: bytes.readUInt32LE(16) === CPU,
    driver: [4, 8, 12].map((at) => bytes.readUInt32LE(at).toString(16)).join("-"),
  };
}
