// Package fault is the one error type that users see.
//
// An Error carries what a person needs to mend the cause: a SQLSTATE code that programs can test, a message that says what was
// attempted on what, the place (a byte position in the statement, or a file, column or flag), and optionally a detail and a hint.
// It wraps the error that caused it, so errors.Is and errors.As see the whole chain.
//
//	return fault.New(fault.UndefinedColumn, "column %q does not exist", name).At(pos).WithHint("Did you mean %q?", near)
//
// Packages below the session return plain Go errors for what cannot be the user's doing and *Error for what can. Render prints an
// error with its line, column and a caret under the place in the statement's text.
package fault
