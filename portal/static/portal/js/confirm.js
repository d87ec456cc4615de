// <button data-confirm="Question?">: asks before a form is sent. Without script the server's own confirmation page or undo stands in.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
