// Checks a log of ours with the tree and the notes of Go's checksum database: another implementation.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Entry       []byte
	Index       int64
	Inclusion   [][]byte
	Size        int64
	Root        []byte
	OldSize     int64
	OldRoot     []byte
	Consistency [][]byte
	Note        []byte
	VerifierKey string
}

func hashes(raw [][]byte) (all []tlog.Hash) {
	for _, one := range raw {
		all = append(all, tlog.Hash(one))
	}
	return all
}

func check(q question) error {
	root := tlog.Hash(q.Root)
	leaf := tlog.RecordHash(q.Entry)
	if err := tlog.CheckRecord(hashes(q.Inclusion), q.Size, root, q.Index, leaf); err != nil {
		return fmt.Errorf("inclusion: %w", err)
	}
	if err := tlog.CheckTree(hashes(q.Consistency), q.Size, root, q.OldSize, tlog.Hash(q.OldRoot)); err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	verifier, err := note.NewVerifier(q.VerifierKey)
	if err != nil {
		return err
	}
	_, err = note.Open(q.Note, note.VerifierList(verifier))
	return err
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		panic(err)
	}
	for number, q := range questions {
		if err := check(q); err != nil {
			fmt.Println(number, err)
		}
	}
	fmt.Println("checked", len(questions))
}
