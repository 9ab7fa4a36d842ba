// Checks a copy of a log with the Go project's own sumdb packages: what is ours here is only the
// reading of files. Usage: verify DIR VKEY, where DIR also holds `proof` and `consistency`.
package main

import (
	"bytes"
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

func must(err error) {
	if err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
}

func read(path ...string) []byte {
	data, err := os.ReadFile(filepath.Join(path...))
	must(err)
	return data
}

// checkpoint opens a signed note and reads size and root from it.
func checkpoint(message []byte, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open(message, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		must(errors.New("another origin"))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

// files gives tlog the tiles; its paths have the height in them, C2SP's have not.
type files struct{ dir string }

func path(t tlog.Tile) string { return "tile/" + strings.TrimPrefix(t.Path(), "tile/8/") }

func (f files) Height() int                     { return 8 }
func (f files) SaveTiles([]tlog.Tile, [][]byte) {}
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, t := range tiles {
		one, err := os.ReadFile(filepath.Join(f.dir, path(t)))
		if err != nil {
			return nil, err
		}
		data = append(data, one)
	}
	return data, nil
}

// entries reads all bundles.
func entries(dir string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		name := strings.TrimPrefix(tlog.Tile{H: 8, L: 0, N: n, W: int(width)}.Path(), "tile/8/0/")
		data := read(dir, "tile/entries", name)
		for len(data) > 0 {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				must(errors.New("bundle cut off"))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:end])
			data = data[end:]
		}
	}
	if int64(len(all)) != size {
		must(errors.New("wrong number of entries"))
	}
	return all
}

func hashes(lines []string) []tlog.Hash {
	var found []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		must(err)
		found = append(found, hash)
	}
	return found
}

func main() {
	dir, vkey := os.Args[1], os.Args[2]
	tree := checkpoint(read(dir, "checkpoint"), vkey)

	// The tree from the entries alone, and every tile compared with it.
	all := entries(dir, tree.N)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for n, data := range all {
		more, err := tlog.StoredHashes(int64(n), data, reader)
		must(err)
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(tree.N, reader)
	must(err)
	if root != tree.Hash {
		must(errors.New("the entries have another root"))
	}
	tiles := tlog.NewTiles(8, 0, tree.N)
	for i, t := range tiles {
		// tlog names partial tiles of every width; only the widest belongs to this size.
		if i+1 < len(tiles) && tiles[i+1].L == t.L && tiles[i+1].N == t.N {
			continue
		}
		data, err := tlog.ReadTileData(t, reader)
		must(err)
		if !bytes.Equal(data, read(dir, path(t))) {
			must(fmt.Errorf("tile %s differs", path(t)))
		}
	}

	// The archive's own receipt.
	text := string(read(dir, "proof"))
	parts := strings.SplitN(text, "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		must(errors.New("no proof"))
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	must(err)
	under := checkpoint([]byte(parts[1]), vkey)
	must(tlog.CheckRecord(hashes(lines[2:]), under.N, under.Hash, index, tlog.RecordHash(all[index])))

	// The archive's own consistency proof, and the same one as tlog makes it from the tiles.
	lines = strings.Split(strings.TrimSpace(string(read(dir, "consistency"))), "\n")
	size, err := strconv.ParseInt(lines[0], 10, 64)
	must(err)
	old, err := tlog.ParseHash(lines[1])
	must(err)
	proof := tlog.TreeProof(hashes(lines[2:]))
	must(tlog.CheckTree(proof, tree.N, tree.Hash, size, old))
	theirs, err := tlog.ProveTree(tree.N, size, tlog.TileHashReader(tree, files{dir}))
	must(err)
	if fmt.Sprint(theirs) != fmt.Sprint(proof) {
		must(errors.New("another consistency proof"))
	}
	fmt.Println("ACCEPTED", tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:]))
}
