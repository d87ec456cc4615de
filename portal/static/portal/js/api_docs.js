// Draws the documentation of the API from its schema.

const place = document.getElementById("api");

window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  // Its links to single operations stand inside buttons, which no screen reader can tell apart.
  deepLinking: false,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // Sessions of the pages work here too; what changes something needs their security token.
  requestInterceptor: (request) => {
    if (place.dataset.token && new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = place.dataset.token;
    }
    return request;
  },
});
