// A second opinion on this project's logs: the hashes, proofs and notes are those of golang.org/x/mod/sumdb (the code
// behind Go's checksum database), which shares nothing with the Python package that it checks.
//
//	verifier receipt <keys> <leaf> <receipt> <needed cosignatures>
//	verifier consistency <log key> <old checkpoint> <new checkpoint> <proof>
//	verifier audit <log key> <folder>
//
// All arguments but the number are names of files. <keys> holds lines "log <vkey>" and "witness <name> <vkey>"; other
// lines are passed over, so that a policy can be given as it is. <proof> holds a hash in base64 a line. One line on
// standard output and exit code 0 say that all is well, one on standard error and exit code 1 say what is not.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	header          = "c2sp.org/tlog-proof@v1"
	algCosignature  = 4
	tileHeight      = 8
	tileWidth       = 1 << tileHeight
	timestampLength = 8
)

func main() {
	ok, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED", err)
		os.Exit(1)
	}
	fmt.Println("OK", ok)
}

func run(args []string) (string, error) {
	switch {
	case len(args) == 5 && args[0] == "receipt":
		return receipt(args[1], args[2], args[3], args[4])
	case len(args) == 5 && args[0] == "consistency":
		return consistency(args[1], args[2], args[3], args[4])
	case len(args) == 3 && args[0] == "audit":
		return audit(args[1], args[2])
	}
	return "", errors.New("usage: verifier receipt KEYS LEAF RECEIPT NEEDED | consistency LOGKEY OLD NEW PROOF | audit LOGKEY FOLDER")
}

// receipt checks that a leaf is in the tree of a receipt's checkpoint, which the log signed and enough witnesses cosigned.
func receipt(keysFile, leafFile, receiptFile, neededText string) (string, error) {
	needed, err := strconv.Atoi(neededText)
	if err != nil {
		return "", err
	}
	log, witnesses, err := readKeys(keysFile)
	if err != nil {
		return "", err
	}
	leaf, err := os.ReadFile(leafFile)
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(receiptFile)
	if err != nil {
		return "", err
	}
	index, proof, checkpoint, err := parseReceipt(data)
	if err != nil {
		return "", err
	}
	tree, cosigned, err := open(checkpoint, log, witnesses)
	if err != nil {
		return "", err
	}
	if cosigned < needed {
		return "", fmt.Errorf("%d witnesses cosigned, %d are needed", cosigned, needed)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return "", fmt.Errorf("leaf %d: %w", index, err)
	}
	return fmt.Sprintf("leaf %d is in the tree of %d that %d witnesses cosigned", index, tree.N, cosigned), nil
}

// consistency checks that the log of one checkpoint is the beginning of the log of another.
func consistency(keyFile, oldFile, newFile, proofFile string) (string, error) {
	log, err := readLogKey(keyFile)
	if err != nil {
		return "", err
	}
	var trees [2]tlog.Tree
	for i, name := range []string{oldFile, newFile} {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if trees[i], _, err = open(data, log, nil); err != nil {
			return "", fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	data, err := os.ReadFile(proofFile)
	if err != nil {
		return "", err
	}
	proof, err := parseHashes(strings.Fields(string(data)))
	if err != nil {
		return "", err
	}
	before, after := trees[0], trees[1]
	if before.N == 0 { // x/mod asks for a tree that is not empty; the empty one begins each
		if len(proof) > 0 {
			return "", errors.New("from the empty tree only an empty proof can be right")
		}
	} else if err := tlog.CheckTree(tlog.TreeProof(proof), after.N, after.Hash, before.N, before.Hash); err != nil {
		return "", fmt.Errorf("from %d to %d: %w", before.N, after.N, err)
	}
	return fmt.Sprintf("the log of %d is the beginning of the log of %d", before.N, after.N), nil
}

// audit makes all tiles anew from the entries and compares them, and the root, with what a folder has.
func audit(keyFile, folder string) (string, error) {
	log, err := readLogKey(keyFile)
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, _, err := open(data, log, nil)
	if err != nil {
		return "", err
	}
	stored, err := readEntries(folder, tree.N)
	if err != nil {
		return "", err
	}
	tiles := widest(tlog.NewTiles(tileHeight, 0, tree.N))
	for _, tile := range tiles {
		if err := compare(folder, tile, stored); err != nil {
			return "", err
		}
	}
	root, err := rootOf(tree.N, stored)
	if err != nil {
		return "", err
	}
	if root != tree.Hash {
		return "", fmt.Errorf("the %d entries lead to the root %v, the checkpoint says %v", tree.N, root, tree.Hash)
	}
	return fmt.Sprintf("%s: %d entries, %d tiles, root %v", log.Name(), tree.N, len(tiles), root), nil
}

func rootOf(size int64, stored memory) (tlog.Hash, error) {
	if size == 0 {
		return sha256.Sum256(nil), nil
	}
	return tlog.TreeHash(size, stored)
}

// memory holds the hashes of a log by x/mod's numbering of leaves and inner nodes.
type memory []tlog.Hash

// ReadHashes makes memory a tlog.HashReader.
func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(m)) {
			return nil, fmt.Errorf("hash %d is not there yet", index)
		}
		found[i] = m[index]
	}
	return found, nil
}

func readEntries(folder string, size int64) (memory, error) {
	var stored memory
	for first := int64(0); first < size; first += tileWidth {
		width := size - first
		if width > tileWidth {
			width = tileWidth
		}
		name := path("entries", tlog.Tile{H: tileHeight, L: -1, N: first / tileWidth, W: int(width)})
		bundle, err := readWiderToo(folder, name)
		if err != nil {
			return nil, err
		}
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s ends within entry %d", name, first+i)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			hashes, err := tlog.StoredHashes(first+i, bundle[2:end], stored)
			if err != nil {
				return nil, err
			}
			stored, bundle = append(stored, hashes...), bundle[end:]
		}
		if len(bundle) > 0 && width == tileWidth {
			return nil, fmt.Errorf("%s goes on after its last entry", name)
		}
	}
	return stored, nil
}

func compare(folder string, tile tlog.Tile, stored memory) error {
	made, err := tlog.ReadTileData(tile, stored)
	if err != nil {
		return err
	}
	name := path(strconv.Itoa(tile.L), tile)
	kept, err := readWiderToo(folder, name)
	if err != nil {
		return err
	}
	if len(kept) < len(made) || (tile.W == tileWidth && len(kept) > len(made)) {
		return fmt.Errorf("%s has %d bytes, not %d", name, len(kept), len(made))
	}
	for i := 0; i < len(made); i += tlog.HashSize {
		if !bytes.Equal(made[i:i+tlog.HashSize], kept[i:i+tlog.HashSize]) {
			return fmt.Errorf("hash %d of %s does not follow from the entries", i/tlog.HashSize, name)
		}
	}
	return nil
}

// widest leaves out the narrower ones of the partial tiles, which NewTiles lists for every width from one on.
func widest(tiles []tlog.Tile) []tlog.Tile {
	var kept []tlog.Tile
	for i, tile := range tiles {
		last := i+1 == len(tiles) || tiles[i+1].L != tile.L || tiles[i+1].N != tile.N
		if last {
			kept = append(kept, tile)
		}
	}
	return kept
}

// path is where C2SP has a tile: x/mod's "tile/8/0/000" is its "tile/0/000", "data" its "entries".
func path(level string, tile tlog.Tile) string {
	parts := strings.SplitN(tile.Path(), "/", 4)
	return "tile/" + level + "/" + parts[3]
}

// readWiderToo reads a partial tile, or the full one that took its place.
func readWiderToo(folder, name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
	if full, _, partial := strings.Cut(name, ".p/"); err != nil && partial {
		if data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(full))); err == nil {
			return data, nil
		}
	}
	return data, err
}

// open gives the tree of a checkpoint that the log signed, and how many of the witnesses cosigned it.
func open(data []byte, log note.Verifier, witnesses []note.Verifier) (tlog.Tree, int, error) {
	opened, err := note.Open(data, note.VerifierList(append([]note.Verifier{log}, witnesses...)...))
	if err != nil {
		return tlog.Tree{}, 0, err
	}
	cosigned, signed := 0, false
	for _, each := range opened.Sigs { // note.Open gives each key once, and only those that it knows
		if each.Name == log.Name() && each.Hash == log.KeyHash() {
			signed = true
		} else {
			cosigned++
		}
	}
	if !signed {
		return tlog.Tree{}, 0, fmt.Errorf("the log's own signature (%s) is missing", log.Name())
	}
	tree, err := parseCheckpoint(opened.Text, log.Name())
	return tree, cosigned, err
}

func parseCheckpoint(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("this is no checkpoint of %s", origin)
	}
	size, err := parseNumber(lines[1])
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func parseReceipt(data []byte) (int64, tlog.RecordProof, []byte, error) {
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || lines[0] != header {
		return 0, nil, nil, fmt.Errorf("this does not begin with %s", header)
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return 0, nil, nil, errors.New("the line with the index is missing")
	}
	index, err := parseNumber(strings.TrimPrefix(lines[0], "index "))
	if err != nil {
		return 0, nil, nil, err
	}
	hashes, err := parseHashes(lines[1:])
	return index, tlog.RecordProof(hashes), checkpoint, err
}

func parseNumber(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 || strconv.FormatInt(number, 10) != text {
		return 0, fmt.Errorf("%q is no number of entries", text)
	}
	return number, nil
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, len(lines))
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func readLogKey(name string) (note.Verifier, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(strings.TrimSpace(string(data)))
}

func readKeys(name string) (note.Verifier, []note.Verifier, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	var log note.Verifier
	var witnesses []note.Verifier
	for _, line := range strings.Split(string(data), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) >= 2 && words[0] == "log":
			if log, err = note.NewVerifier(words[1]); err != nil {
				return nil, nil, err
			}
		case len(words) >= 3 && words[0] == "witness":
			witness, err := newCosigner(words[2])
			if err != nil {
				return nil, nil, err
			}
			witnesses = append(witnesses, witness)
		}
	}
	if log == nil {
		return nil, nil, fmt.Errorf("%s names no log", filepath.Base(name))
	}
	return log, witnesses, nil
}

// cosigner verifies the timestamped signatures of c2sp.org/tlog-cosignature, which x/mod does not know.
type cosigner struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is no key", vkey)
	}
	body, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(body) != 1+ed25519.PublicKeySize || body[0] != algCosignature {
		return nil, fmt.Errorf("the key of %s is no key for cosignatures", parts[0])
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), body...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, fmt.Errorf("the key of %s does not fit its id", parts[0])
	}
	return &cosigner{parts[0], hash, ed25519.PublicKey(body[1:])}, nil
}

// Name, KeyHash and Verify make cosigner a note.Verifier.
func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != timestampLength+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	message := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", at)), text...)
	return ed25519.Verify(c.public, message, signature[timestampLength:])
}
