// The phone's own copy of what is typed, one for each user, branch and day. A browser that keeps nothing (private windows, full storage)
// leaves the server's draft alone to do it.

/** Return the copy under `key`, or null. */
export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Keep a copy: fields, the version they stand on, the form's identifier, when, and whether the server has it. */
export function write(key, copy) {
  try {
    localStorage.setItem(key, JSON.stringify(copy));
    return true;
  } catch {
    return false;
  }
}

/** Forget the copy. */
export function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept, so nothing is left.
  }
}
