package flightsql

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/flight"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/session"
)

// SetSessionOptions changes settings, as SET does; an option without a value resets one.
func (s *service) SetSessionOptions(ctx context.Context, request *flight.SetSessionOptionsRequest) (*flight.SetSessionOptionsResult, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return nil, err
	}
	defer s.server.sessions.release(u)
	if err := u.lock(ctx); err != nil {
		return nil, err
	}
	defer u.unlock()
	out := &flight.SetSessionOptionsResult{Errors: map[string]*flight.SetSessionOptionsResultError{}}
	for name, value := range request.GetSessionOptions() {
		if reason := setOption(u.session, name, value); reason != flight.SetSessionOptionsResultErrorUnspecified {
			out.Errors[name] = &flight.SetSessionOptionsResultError{Value: reason}
		}
	}
	return out, nil
}

// setOption sets one, and says what is wrong with it.
func setOption(s *session.Session, name string, value *flight.SessionOptionValue) pb.SetSessionOptionsResult_ErrorValue {
	var text string
	var err error
	switch name {
	case "catalog":
		if value.GetStringValue() != catalogName {
			return flight.SetSessionOptionsResultErrorInvalidValue
		}
		return flight.SetSessionOptionsResultErrorUnspecified
	case "schema":
		name, text = "search_path", value.GetStringValue()
	default:
		switch v := value.GetOptionValue().(type) {
		case nil:
			return resetOption(s, name)
		case *pb.SessionOptionValue_StringListValue_:
			return flight.SetSessionOptionsResultErrorInvalidValue
		case *pb.SessionOptionValue_StringValue:
			text = v.StringValue
		case *pb.SessionOptionValue_BoolValue:
			text = fmt.Sprint(v.BoolValue)
		case *pb.SessionOptionValue_Int64Value:
			text = fmt.Sprint(v.Int64Value)
		case *pb.SessionOptionValue_DoubleValue:
			text = fmt.Sprint(v.DoubleValue)
		}
	}
	if err = s.Set(name, text); err == nil {
		return flight.SetSessionOptionsResultErrorUnspecified
	}
	return optionError(err)
}

func optionError(err error) pb.SetSessionOptionsResult_ErrorValue {
	switch fault.CodeOf(err) {
	case fault.UndefinedObject:
		return flight.SetSessionOptionsResultErrorInvalidName
	case fault.InvalidParameterValue:
		return flight.SetSessionOptionsResultErrorInvalidValue
	}
	return flight.SetSessionOptionsResultErrorError
}

func resetOption(s *session.Session, name string) pb.SetSessionOptionsResult_ErrorValue {
	if err := s.Reset(name); err != nil {
		return optionError(err)
	}
	return flight.SetSessionOptionsResultErrorUnspecified
}

// GetSessionOptions gives all settings as texts.
func (s *service) GetSessionOptions(ctx context.Context, _ *flight.GetSessionOptionsRequest) (*flight.GetSessionOptionsResult, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return nil, err
	}
	defer s.server.sessions.release(u)
	if err := u.lock(ctx); err != nil {
		return nil, err
	}
	defer u.unlock()
	out := &flight.GetSessionOptionsResult{SessionOptions: map[string]*flight.SessionOptionValue{}}
	put := func(name, value string) {
		out.SessionOptions[name] = &flight.SessionOptionValue{OptionValue: &pb.SessionOptionValue_StringValue{StringValue: value}}
	}
	put("catalog", catalogName)
	for _, name := range u.session.SettingNames() {
		value, err := u.session.Setting(name)
		if err != nil {
			return nil, err
		}
		put(name, value)
		if name == "search_path" {
			put("schema", value)
		}
	}
	return out, nil
}

// CloseSession ends the call's session, once nothing of it runs.
func (s *service) CloseSession(ctx context.Context, _ *flight.CloseSessionRequest) (*flight.CloseSessionResult, error) {
	u, err := s.server.sessions.call(ctx)
	if err != nil {
		return nil, err
	}
	defer s.server.sessions.release(u)
	setCookie(ctx, "")
	s.server.sessions.forget(u)
	if err := s.server.sessions.end(u); err != nil {
		return nil, err
	}
	return &flight.CloseSessionResult{Status: flight.CloseSessionResultClosed}, nil
}
