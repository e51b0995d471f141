<?php
/** The pages and queries ECShop keeps under temp/, emptied as its own clear_cache_files() does (lib_common.php). */
class ErpSync_ShopCache
{
    /** Files there only, no folder and no link: nothing outside temp/ is ever touched. What cannot be removed stays. */
    public static function clear($root)
    {
        $temp = $root . '/temp';
        $folders = array($temp . '/query_caches', $temp . '/static_caches');
        for ($i = 0; $i < 16; $i++) {
            $folders[] = $temp . '/caches/' . dechex($i);
        }
        if (is_link($temp . '/caches')) {
            $folders = array_slice($folders, 0, 2);
        }
        foreach ($folders as $folder) {
            self::clearFolder($folder);
        }
    }

    private static function clearFolder($folder)
    {
        $handle = is_link($folder) || !is_dir($folder) ? false : @opendir($folder);
        if ($handle === false) {
            return;
        }
        while (($name = readdir($handle)) !== false) {
            $file = $folder . '/' . $name;
            if (!in_array($name, array('index.htm', 'index.html', '.gitignore'), true) && is_file($file) && !is_link($file)) {
                @unlink($file);
            }
        }
        closedir($handle);
    }
}
